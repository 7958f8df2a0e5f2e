import torch
from torch import nn

torch.manual_seed(0)
w = nn.Parameter(torch.randn(6, 6) * 0.6)
read = nn.Linear(6, 1)
optimizer = torch.optim.SGD([w, *read.parameters()], lr=0.05)
x = torch.randn(12, 30, 6) * 0.5
y = x.sum((1, 2)).unsqueeze(1)
for step in range(20):
    h = torch.zeros(12, 6)
    for t in range(30):
        h = torch.relu(h @ w + x[:, t])
    loss = nn.functional.mse_loss(read(h), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
