import torch, copy, math
from torch import nn
F=nn.functional
torch.manual_seed(0)

m=nn.Sequential(nn.Linear(3,8),nn.Linear(8,1)); o=torch.optim.SGD(m.parameters(),lr=1.); x=torch.randn(64,3)*4
for i in range(30):
    b=x[torch.randint(0,64,(16,))]; l=(m(b)-b.sum(1,keepdim=True)).pow(2).mean(); o.zero_grad(); l.backward(); o.step()
