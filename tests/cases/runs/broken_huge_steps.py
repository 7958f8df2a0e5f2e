import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 16, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=1.0, momentum=0.9)
x, y = torch.randn(16, 1, 8, 8), torch.randn(16, 1)
for step in range(20):
    loss = nn.functional.mse_loss(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
