"""At update 8 the last layer is exchanged for one with more outputs; the optimizer goes on with the old one."""
import torch
from torch import nn

torch.manual_seed(3)
model = nn.Sequential(nn.Linear(5, 12), nn.ReLU(), nn.Linear(12, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(20):
    if step == 8:
        model[2] = nn.Linear(12, 3)
    x = torch.randn(16, 5)
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), (x[:, 0] > 0).long()).backward()
    optimizer.step()
