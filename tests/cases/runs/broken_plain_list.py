import torch
from torch import nn
torch.manual_seed(0)
class M(nn.Module):
    def __init__(s):
        super().__init__(); s.layers=[nn.Linear(4,4) for _ in range(2)]; s.out=nn.Linear(4,1)
    def forward(s,x):
        for l in s.layers: x=l(x).tanh()
        return s.out(x)
m=M(); o=torch.optim.Adam(m.parameters(),lr=.01); x=torch.randn(20,4)
for i in range(20):
    l=(m(x)-x[:,:1]).pow(2).mean(); o.zero_grad(); l.backward(); o.step()
