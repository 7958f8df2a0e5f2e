"""DDPG: the actor's loss goes through the critic, whose gradients are thrown away before its own pass."""
import torch
from torch import nn

torch.manual_seed(34)
actor = nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 1), nn.Tanh())
critic = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 1))
actor_opt = torch.optim.Adam(actor.parameters(), lr=1e-3)
critic_opt = torch.optim.Adam(critic.parameters(), lr=2e-3)
for update in range(25):
    s = torch.randn(48, 3)
    a = (actor(s) + 0.2 * torch.randn(48, 1)).detach()
    reward = -(a - s[:, :1].tanh()).square()
    critic_opt.zero_grad()
    c_loss = nn.functional.mse_loss(critic(torch.cat([s, a], 1)), reward)
    c_loss.backward()
    critic_opt.step()
    actor_opt.zero_grad()
    a_loss = -critic(torch.cat([s, actor(s)], 1)).mean()
    a_loss.backward()
    actor_opt.step()
    print(update, c_loss.item(), a_loss.item())
