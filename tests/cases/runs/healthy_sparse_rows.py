import torch
from torch import nn

torch.manual_seed(0)
words = nn.Embedding(200, 8, sparse=True)
out = nn.Linear(8, 1)
rows = torch.optim.SparseAdam(list(words.parameters()), lr=0.01)
dense = torch.optim.Adam(out.parameters(), lr=0.01)
for step in range(20):
    x = torch.randint(0, 200, (16, 3))
    y = (x[:, 0] % 2).float().unsqueeze(1)
    loss = nn.functional.binary_cross_entropy_with_logits(out(words(x).mean(1)), y)
    rows.zero_grad()
    dense.zero_grad()
    loss.backward()
    rows.step()
    dense.step()
