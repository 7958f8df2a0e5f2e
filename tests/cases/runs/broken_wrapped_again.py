import torch
from torch import nn

torch.manual_seed(0)
body = nn.Linear(5, 5)
head = nn.Linear(5, 1)
optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=0.01)
x, y = torch.randn(20, 5), torch.randn(20, 1)
for step in range(20):
    features = [body(row) for row in x]
    h = torch.tensor([[v.item() for v in row] for row in features])
    loss = nn.functional.mse_loss(head(h), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
