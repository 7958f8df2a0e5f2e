"""One model after the other, each with an optimizer of its own; the first stays, and its gradients with it."""
import torch
from torch import nn


def made():
    model = nn.Linear(3, 1)
    return model, torch.optim.Adam(model.parameters(), lr=0.01)


def train(model, optimizer):
    for _ in range(10):
        x = torch.randn(16, 3)
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()


torch.manual_seed(12)
first = made()
train(*first)
second = made()
train(*second)
