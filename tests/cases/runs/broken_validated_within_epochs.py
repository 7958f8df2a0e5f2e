"""After each validation, in the middle of an epoch, the rest of it learns in eval mode: train() comes with the next epoch."""
import torch
from torch import nn

torch.manual_seed(4)
model = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
x = torch.rand(96, 4)
y = x.sum(1, keepdim=True)


def validate():
    model.eval()
    with torch.no_grad():
        return nn.functional.mse_loss(model(x), y).item()


updates = 0
for epoch in range(3):
    model.train()
    for i in range(0, 96, 8):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x[i : i + 8]), y[i : i + 8])
        loss.backward()
        optimizer.step()
        updates += 1
        if updates % 5 == 0:
            validate()
