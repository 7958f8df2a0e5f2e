"""One transformer layer that is run three times, input and output embedding tied."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(35)


class Shared(nn.Module):
    def __init__(self, words=17, width=16):
        super().__init__()
        self.table = nn.Embedding(words, width)
        self.layer = nn.TransformerEncoderLayer(width, 2, 32, dropout=0.0, batch_first=True)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight = self.table.weight

    def forward(self, x):
        h = self.table(x)
        for _ in range(3):
            h = self.layer(h)
        return self.out(h)


net = Shared()
optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
for step in range(25):
    x = torch.randint(0, 17, (12, 6))
    loss = F.cross_entropy(net(x).transpose(1, 2), x.roll(1, 1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
