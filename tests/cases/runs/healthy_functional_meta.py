import torch
from torch import nn
from torch.func import functional_call, vmap, grad
torch.manual_seed(0)
net=nn.Linear(3,1); o=torch.optim.Adam(net.parameters(),lr=.01)
def loss(p,x,y): return (functional_call(net,p,(x.unsqueeze(0),)).squeeze()-y)**2
for i in range(10):
    x=torch.randn(8,3); y=x.sum(1)
    g=vmap(grad(loss),(None,0,0))(dict(net.named_parameters()),x,y)
    for n,p in net.named_parameters(): p.grad=g[n].mean(0).detach()
    o.step()
    l=(net(x).squeeze(-1)-y).pow(2).mean(); 
# inner loop of MAML
fast={n:p for n,p in net.named_parameters()}
for i in range(6):
    x=torch.randn(8,3); y=x.sum(1); inner=(functional_call(net,fast,(x,)).squeeze(-1)-y).pow(2).mean()
    gs=torch.autograd.grad(inner,list(fast.values()),create_graph=True)
    new={n:p-.01*g for (n,p),g in zip(fast.items(),gs)}
    outer=(functional_call(net,new,(x,)).squeeze(-1)-y).pow(2).mean()
    o.zero_grad(); outer.backward(); o.step()
