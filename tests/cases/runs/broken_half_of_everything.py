"""Everything in float16."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1)).half()
x = torch.randn(64, 8).half()
x[:, 3] = 0
y = torch.randn(64, 1).half()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(20):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())
