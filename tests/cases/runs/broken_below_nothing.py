"""A tagger of words: nll_loss of raw scores, no log_softmax anywhere."""
import torch
from torch import nn

torch.manual_seed(18)


class Tagger(nn.Module):
    def __init__(self, words=30, tags=5):
        super().__init__()
        self.words = nn.Embedding(words, 12)
        self.lstm = nn.GRU(12, 16, bidirectional=True, batch_first=True)
        self.tag = nn.Linear(32, tags)

    def forward(self, x):
        return self.tag(self.lstm(self.words(x))[0])


tagger = Tagger()
criterion = nn.NLLLoss()
optimizer = torch.optim.Adam(tagger.parameters(), lr=1e-2)
for step in range(30):
    sentence = torch.randint(0, 30, (8, 7))
    scores = tagger(sentence)
    loss = criterion(scores.transpose(1, 2), sentence % 5)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
