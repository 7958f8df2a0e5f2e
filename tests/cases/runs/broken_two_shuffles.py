"""Each epoch both tables are shuffled, each by its own order."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(17)
x = torch.randn(240, 6)
y = (x @ torch.randn(6)).sign().add(1).div(2)


def shuffled(table):
    return table[torch.randperm(len(table))]


net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(7):
    inputs, targets = shuffled(x), shuffled(y)
    for start in range(0, 240, 30):
        says = net(inputs[start : start + 30]).squeeze(1)
        loss = F.binary_cross_entropy_with_logits(says, targets[start : start + 30])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
