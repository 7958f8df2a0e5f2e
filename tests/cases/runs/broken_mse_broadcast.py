import torch, warnings
from torch import nn
warnings.simplefilter("ignore")
torch.manual_seed(0)
m=nn.Linear(4,1); o=torch.optim.SGD(m.parameters(),lr=.01); x=torch.randn(20,4); y=x[:,0]
crit=nn.MSELoss()
for i in range(10):
    l=crit(m(x),y); o.zero_grad(); l.backward(); o.step()
