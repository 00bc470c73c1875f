"""Our networks and MXNet's rules of training in PyTorch, written from the specification (training.md, 1, 2.6, 4.5).

A network is read from our graph, as model.json has it; parameters have MXNet's names and layouts, which are PyTorch's.
"""
import dataclasses

import torch
import torch.nn.functional as F


@dataclasses.dataclass
class Rules:
    """How a step is taken. The defaults are right; every other value is a mistake that a comparison has to find."""

    # SGD: v <- momentum v - rate (gradient + decay w); the rate is inside of the buffer.
    rate_in_buffer: bool = True
    # Everything decays: biases, slopes, gamma and beta too.
    decays: str = 'all'
    # Moving variances follow the biased variance of the batch.
    biased_variance: bool = True
    # Share of the old moving statistics; None: what the graph says.
    statistics_momentum: float = None


class Network:
    """A graph with its parameters: {name: tensor}. `trained` and `moving` are its arguments and moving statistics."""

    def __init__(self, graph, arrays):
        self.layers, self.output, self.seen = graph['layers'], graph['outputs'][0], {}
        self.moving = {name: tensor for name, tensor in arrays.items() if name.endswith(('_moving_mean', '_moving_var'))}
        fixed = {
            self.name_of(layer, 'gamma')
            for layer in self.layers
            if layer['kind'] == 'batch-normalization' and layer['attributes']['fixGamma']
        }
        self.trained = {
            name: tensor.requires_grad_() for name, tensor in arrays.items() if name not in self.moving and name not in fixed
        }

    @staticmethod
    def name_of(layer, suffix):
        return layer.get('parameterNames', {}).get(suffix, f"{layer['name']}_{suffix}")

    def own(self, layer, suffix):
        return self.trained.get(self.name_of(layer, suffix))

    def __call__(self, images, training):
        """Embeddings of images [batch, channels, height, width] with values of 0 to 255."""
        values = {'data': images}
        for layer in self.layers:
            inputs = [values[name] for name in layer['inputs']]
            compute = getattr(self, layer['kind'].replace('-', '_'))
            values[layer['name']] = compute(layer, layer['attributes'], training, *inputs)
        return values[self.output]

    def identity(self, layer, a, training, x):
        return x

    def minus_scalar(self, layer, a, training, x):
        return x - a['scalar']

    def multiply_scalar(self, layer, a, training, x):
        return x * a['scalar']

    def add(self, layer, a, training, x, y):
        return x + y

    def convolution(self, layer, a, training, x):
        weight, bias = self.own(layer, 'weight'), self.own(layer, 'bias')
        return F.conv2d(x, weight, bias, a['stride'], a['pad'], groups=a['groups'])

    def fully_connected(self, layer, a, training, x):
        return F.linear(x.flatten(1), self.own(layer, 'weight'), self.own(layer, 'bias'))

    def prelu(self, layer, a, training, x):
        return F.prelu(x, self.own(layer, 'gamma'))

    def dropout(self, layer, a, training, x):
        return F.dropout(x, a['rate'], training)

    def batch_normalization(self, layer, a, training, x):
        gamma, beta = self.own(layer, 'gamma'), self.own(layer, 'beta')
        mean, variance = (self.moving[self.name_of(layer, suffix)] for suffix in ('moving_mean', 'moving_var'))
        if not training:
            return F.batch_norm(x, mean, variance, gamma, beta, False, 0, a['epsilon'])
        seen = torch.zeros_like(mean), torch.zeros_like(variance)
        result = F.batch_norm(x, *seen, gamma, beta, True, 1.0, a['epsilon'])
        # PyTorch's is the unbiased variance.
        self.seen[layer['name']] = (mean, variance, *seen, x.numel() / x.shape[1], a['momentum'])
        return result

    def follow(self, rules=Rules()):
        """Moving statistics take in those of the last batch."""
        for mean, variance, own_mean, own_variance, count, momentum in self.seen.values():
            kept = momentum if rules.statistics_momentum is None else rules.statistics_momentum
            share = (count - 1) / count if rules.biased_variance else 1
            mean.mul_(kept).add_(own_mean, alpha=1 - kept)
            variance.mul_(kept).add_(own_variance, alpha=(1 - kept) * share)


class Sgd:
    """MXNet's SGD with momentum, for arrays by name; `velocities` start at 0 where none are given."""

    def __init__(self, momentum, weight_decay, rules=Rules(), velocities=None):
        self.momentum, self.weight_decay, self.rules = momentum, weight_decay, rules
        self.velocities = velocities or {}

    def decays(self, name):
        return {'all': True, 'none': False, 'weights': name.endswith('_weight')}[self.rules.decays]

    @torch.no_grad()
    def step(self, arrays, gradients, rate):
        for name, gradient in gradients.items():
            weight = arrays[name]
            pull = gradient + self.weight_decay * weight if self.decays(name) else gradient
            velocity = self.velocities.setdefault(name, torch.zeros_like(weight))
            if self.rules.rate_in_buffer:
                weight += velocity.mul_(self.momentum).sub_(rate * pull)
            else:
                # Buffers hold velocities that were given with the rate of the step before, 10 times this one after a drop.
                weight -= velocity.mul_(self.momentum).add_(pull) * rate
