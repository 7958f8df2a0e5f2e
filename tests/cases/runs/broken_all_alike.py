"""Hidden units that all begin as the same number, and so stay the same unit."""
import torch
from torch import nn

torch.manual_seed(20)


def begin(module):
    if isinstance(module, nn.Linear):
        nn.init.constant_(module.weight, 0.1)
        nn.init.zeros_(module.bias)


net = nn.Sequential(nn.Linear(3, 10), nn.Tanh(), nn.Linear(10, 10), nn.Tanh(), nn.Linear(10, 1)).apply(begin)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(40):
    x = torch.rand(64, 3)
    y = (x[:, :1] * 6).sin() * x[:, 1:2]
    loss = (net(x) - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
