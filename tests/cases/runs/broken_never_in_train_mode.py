"""model.eval() at load, train() never called: batch norm uses its initial statistics, dropout is off, from the start."""
import torch
from torch import nn

torch.manual_seed(18)
model = nn.Sequential(nn.Linear(4, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 1)).eval()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
x = 30 + 5 * torch.rand(80, 4)
y = x.sum(1, keepdim=True) / 100
for epoch in range(4):
    for i in range(0, 80, 16):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x[i : i + 16]), y[i : i + 16])
        loss.backward()
        optimizer.step()
