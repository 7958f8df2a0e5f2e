"""Two optimizers were given the body, and step it after one backward pass."""
import torch
from torch import nn

torch.manual_seed(23)
body, a, b = nn.Linear(4, 16), nn.Linear(16, 1), nn.Linear(16, 1)
oa = torch.optim.Adam([*body.parameters(), *a.parameters()], lr=0.01)
ob = torch.optim.Adam([*body.parameters(), *b.parameters()], lr=0.01)
x = torch.rand(64, 4)
for step in range(20):
    h = torch.relu(body(x))
    loss = nn.functional.mse_loss(a(h), x[:, :1]) + nn.functional.mse_loss(b(h), x[:, 1:2])
    oa.zero_grad()
    ob.zero_grad()
    loss.backward()
    oa.step()
    ob.step()
