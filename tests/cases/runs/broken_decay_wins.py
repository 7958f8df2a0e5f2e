"""weight_decay=5 with SGD lr 0.1."""
import torch
from torch import nn

torch.manual_seed(20)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=5)
x = torch.rand(64, 4)
y = x.sum(1, keepdim=True)
for step in range(40):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print(loss.item())
