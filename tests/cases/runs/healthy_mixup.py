"""Mixup by a permutation of the batch, an epoch's order by one permutation of both tables, label smoothing."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(62)
x = torch.randn(160, 6)
y = (x[:, 0] + x[:, 1] > 0).long()
net = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Dropout(0.1), nn.Linear(24, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
for epoch in range(5):
    order = torch.randperm(160)
    for rows in order.split(20):
        a, label = x[rows], y[rows]
        mix, other = 0.7, torch.randperm(len(rows))
        says = net(mix * a + (1 - mix) * a[other])
        loss = mix * F.cross_entropy(says, label, label_smoothing=0.1) + (1 - mix) * F.cross_entropy(says, label[other])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
