"""A layer is given to the optimizer while another optimizer steps: nothing was exchanged."""
import torch
from torch import nn

torch.manual_seed(7)
body, head = nn.Linear(4, 8), nn.Linear(8, 1)
model = nn.Sequential(body, nn.Tanh(), head)
first = torch.optim.Adam(head.parameters(), lr=0.01)
second = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.01)
body.requires_grad_(False)
for step in range(20):
    if step == 6:
        body.requires_grad_(True)
        first.add_param_group({"params": body.parameters()})
    x = torch.randn(16, 4)
    first.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    first.step()
