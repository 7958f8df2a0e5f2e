"""A decoder that is fed word by word, where shorter rows go on with padding, and a batch with a row of nothing else."""
import torch
from torch import nn

torch.manual_seed(6)
words = torch.randint(1, 20, (6, 5))
words[0, 2:] = words[1, 4:] = 0
words[5] = 0


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.known = nn.Embedding(20, 8, padding_idx=0)
        self.said = nn.Embedding(20, 8, padding_idx=0)
        self.cell = nn.GRUCell(8, 8)
        self.out = nn.Linear(8, 20)

    def forward(self, words):
        state = self.known(words).mean(1)
        told = []
        for place in range(words.shape[1] - 1):
            state = self.cell(self.said(words[:, place]), state)
            told.append(self.out(state))
        return torch.stack(told, 2)


reader = Reader()
optimizer = torch.optim.Adam(reader.parameters(), 1e-2)
for _ in range(8):
    loss = nn.functional.cross_entropy(reader(words), words[:, 1:], ignore_index=0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
