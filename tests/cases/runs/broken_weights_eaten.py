"""weight_decay was meant to be 1e-2."""
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 6)
y = x[:, :2] * 3
net = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, weight_decay=8.0)
for update in range(50):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    optimizer.step()
    if not update % 10:
        print(update, loss.item())
