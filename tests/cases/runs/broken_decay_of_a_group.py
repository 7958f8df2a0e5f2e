"""Weights have a decay of their own, and biases none: that of the weights was meant to be a thousand times less."""
import torch
from torch import nn

torch.manual_seed(2)
model = nn.Sequential(nn.Linear(4, 10), nn.Tanh(), nn.Linear(10, 1))
weights = [one for name, one in model.named_parameters() if name.endswith("weight")]
biases = [one for name, one in model.named_parameters() if name.endswith("bias")]
optimizer = torch.optim.SGD([{"params": weights, "weight_decay": 4.0}, {"params": biases}], lr=0.1)
x = torch.rand(32, 4)
for _ in range(20):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
