"""An LSTM whose state is carried from batch to batch with its graph, which retain_graph is to help."""
import torch
from torch import nn

torch.manual_seed(47)
cell, out = nn.LSTMCell(3, 10), nn.Linear(10, 3)
optimizer = torch.optim.Adam([*cell.parameters(), *out.parameters()], lr=1e-2)
h, c = torch.zeros(4, 10), torch.zeros(4, 10)
series = torch.randn(61, 4, 3).cumsum(0)
for start in range(0, 60, 3):
    loss = 0
    for now, following in zip(series[start : start + 3], series[start + 1 : start + 4]):
        h, c = cell(now, (h, c))
        loss = loss + (out(h) - following).pow(2).mean()
    optimizer.zero_grad()
    loss.backward(retain_graph=True)
    optimizer.step()
    print(loss.item())
