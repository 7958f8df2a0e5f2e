"""Mutual information by MINE (pairs against permuted ones), an averaged model and a plateau schedule beside it."""
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, update_bn

torch.manual_seed(37)
net = nn.Sequential(nn.Linear(2, 32), nn.BatchNorm1d(32), nn.ELU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=6)
averaged = AveragedModel(net)
x = torch.randn(600, 1)
y = x + 0.5 * torch.randn(600, 1)
for step in range(40):
    rows = torch.randperm(600)[:100]
    a, b = x[rows], y[rows]
    together = net(torch.cat([a, b], 1)).mean()
    apart = net(torch.cat([a, b[torch.randperm(100)]], 1)).exp().mean().log()
    loss = apart - together
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step(loss.detach())
    if step >= 20:
        averaged.update_parameters(net)
    print(step, loss.item())
update_bn([torch.cat([x, y], 1)], averaged)
