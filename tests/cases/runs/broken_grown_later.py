"""Layers are added to a plain list when the net grows at update 10: the new layer is in no optimizer."""
import torch
from torch import nn

torch.manual_seed(5)


class Grow(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.out = nn.Linear(4, 16), nn.Linear(16, 1)
        self.more = nn.ModuleList()

    def forward(self, x):
        h = torch.relu(self.first(x))
        for one in self.more:
            h = torch.relu(one(h))
        return self.out(h)


model = Grow()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
x = torch.rand(32, 4)
for step in range(25):
    if step == 10:
        model.more.append(nn.Linear(16, 16))
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    loss.backward()
    optimizer.step()
