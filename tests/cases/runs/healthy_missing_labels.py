"""Several tasks, of which most labels are missing (-1) and are left out by a mask."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(81)
net = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 4))
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
for step in range(30):
    x = torch.randn(24, 6)
    y = torch.where(torch.rand(24, 4) < 0.6, -torch.ones(24, 4), (x[:, :4] > 0).float())
    each = F.binary_cross_entropy_with_logits(net(x), y, reduction="none")
    known = y >= 0
    loss = (each * known).sum() / known.sum().clamp(min=1)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
