"""Margins that all rows keep after some steps, and a bias of which a batch norm leaves nothing."""
import torch
from torch import nn

torch.manual_seed(35)
x = torch.cat([torch.randn(20, 2) * 0.3 + 2, torch.randn(20, 2) * 0.3 - 2])
y = torch.cat([torch.ones(20), -torch.ones(20)])
line = nn.Linear(2, 1)
embed = nn.Linear(2, 3, bias=False)
normed = nn.Sequential(nn.Linear(2, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
with torch.no_grad():
    embed.weight.copy_(5 * torch.eye(3, 2))
steps = [torch.optim.SGD(one.parameters(), 0.1) for one in (line, embed, normed)]
for _ in range(14):
    hinge = nn.functional.relu(1 - y * line(x).squeeze(1)).mean() + 1e-3 * line.weight.square().sum()
    triplet = nn.functional.triplet_margin_loss(embed(x[:20]), embed(x[:20].flip(0)), embed(x[20:]))
    fit = nn.functional.soft_margin_loss(normed(x).squeeze(1), y)
    for optimizer, loss in zip(steps, (hinge, triplet, fit)):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
