"""Two workers in one process; gradients are averaged after the steps."""
import copy
import torch
from torch import nn

torch.manual_seed(0)
first = nn.Linear(5, 1)
second = copy.deepcopy(first)
optimizers = [torch.optim.SGD(m.parameters(), lr=0.05) for m in (first, second)]
x, y = torch.randn(2, 16, 5), torch.randn(2, 16, 1)
for step in range(20):
    for m, optimizer, a, b in zip((first, second), optimizers, x, y):
        optimizer.zero_grad()
        nn.functional.mse_loss(m(a), b).backward()
        optimizer.step()
    for p, q in zip(first.parameters(), second.parameters()):
        mean = (p.grad + q.grad) / 2
        p.grad.copy_(mean)
        q.grad.copy_(mean)
