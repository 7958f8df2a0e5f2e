"""The model ends in a softmax, and the loss, with smoothed labels, takes one itself."""
import torch
from torch import nn

torch.manual_seed(6)
model = nn.Sequential(nn.Linear(5, 4), nn.Softmax(dim=-1))
loss = nn.CrossEntropyLoss(label_smoothing=0.1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for _ in range(12):
    x = torch.randn(32, 5)
    optimizer.zero_grad()
    loss(model(x), x[:, :4].argmax(1)).backward()
    optimizer.step()
