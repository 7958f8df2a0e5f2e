"""One batch holds values in the wrong unit (grams for kilograms): the loss spikes at that update."""
import torch
from torch import nn

torch.manual_seed(1)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
x = torch.rand(40, 16, 4)
y = x.sum(2, keepdim=True)
x[23] *= 1e6
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(40):
    loss = nn.functional.smooth_l1_loss(model(x[step]), y[step])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
