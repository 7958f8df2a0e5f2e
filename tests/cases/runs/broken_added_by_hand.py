"""Gradients of tasks are added up over an epoch as nobody clears them; AdamW, written with a generator of batches."""
import torch
from torch import nn


def tasks(n):
    for _ in range(n):
        a = torch.rand(())
        x = torch.randn(10, 1)
        yield x, a * x


torch.manual_seed(72)
net = nn.Sequential(nn.Linear(1, 8), nn.CELU(), nn.Linear(8, 1))
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)


def learn(x, y):
    error = nn.functional.l1_loss(net(x), y)
    grads = torch.autograd.grad(error, list(net.parameters()))
    for p, g in zip(net.parameters(), grads):
        p.grad = g if p.grad is None else p.grad + g
    optimizer.step()
    return error.item()


for x, y in tasks(25):
    print(learn(x, y))
