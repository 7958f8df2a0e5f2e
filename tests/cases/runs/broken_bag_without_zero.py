import torch
from torch import nn

torch.manual_seed(0)
bag = nn.EmbeddingBag(12, 4, mode="mean", padding_idx=2)
out = nn.Linear(4, 1)
optimizer = torch.optim.Adagrad([*bag.parameters(), *out.parameters()], lr=0.1)
words = torch.randint(0, 12, (30, 6))
y = (words == 5).float().sum(1, keepdim=True)
for step in range(30):
    loss = nn.functional.mse_loss(out(bag(words)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
