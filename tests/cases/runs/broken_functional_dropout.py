import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
class N(nn.Module):
    def __init__(s): super().__init__(); s.a=nn.Linear(3,16); s.b=nn.Linear(16,1)
    def forward(s,x): return s.b(F.dropout(s.a(x).relu(),0.4,training=s.training))
net=N(); opt=torch.optim.Adam(net.parameters(),lr=.01)
for i in range(30):
    x=torch.rand(16,3); l=F.mse_loss(net(x),x[:,:1]); opt.zero_grad(); l.backward(); opt.step()
    if i==9:
        net.train(False)
        with torch.no_grad(): print(F.mse_loss(net(x),x[:,:1]).item())
