import torch
from torch import nn
torch.manual_seed(0)
rnn=nn.RNN(2,4,batch_first=True); out=nn.Linear(4,1); o=torch.optim.SGD([*rnn.parameters(),*out.parameters()],lr=.1)
state=None
for i in range(6):
    y,state=rnn(torch.randn(3,5,2),state); l=out(y).pow(2).mean(); o.zero_grad(); l.backward(); o.step()
