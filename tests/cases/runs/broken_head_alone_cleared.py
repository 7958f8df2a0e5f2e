"""zero_grad is called on the head only; the body's gradients add up."""
import torch
from torch import nn

torch.manual_seed(4)
body, head = nn.Sequential(nn.Linear(4, 16), nn.ReLU()), nn.Linear(16, 1)
optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=0.01)
x = torch.rand(32, 4)
y = x.sum(1, keepdim=True)
for step in range(30):
    head.zero_grad()
    loss = nn.functional.mse_loss(head(body(x)), y)
    loss.backward()
    optimizer.step()
