import torch
from torch import nn

torch.manual_seed(0)
layers = []
for _ in range(14):
    layers += [nn.Linear(10, 10), nn.Sigmoid()]
net = nn.Sequential(*layers, nn.Linear(10, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.randn(40, 10), torch.randn(40, 1)
for step in range(30):
    loss = nn.functional.mse_loss(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
