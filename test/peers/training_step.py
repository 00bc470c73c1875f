"""One step of a training, in float64 and in float32, from where a training of ours stood; beside what our step made of it.

training_step.py CASES RESULTS: the first file (JSON) has for each case the graph, the loss, and moments: the arrays before and
after our step (in files of float32), images, labels, rate, and what the loss drew. For each moment the second gets, by group of
parameters and by group of velocities, the length of the difference from the float64 step as a share of the length of that step:
`ours`, and `float32` for PyTorch's own rounding; and of the moving statistics the greatest difference of a mean, and of the root of a variance, in standard deviations.
With `mistakes` of a case (network.Rules by name) the float64 step is also taken wrongly, and `ours` is the difference from that.
"""
import json
import sys

import numpy
import torch

from losses import loss_of
from network import Network, Rules, Sgd


def read(place, kind):
    values = numpy.fromfile(place['file'], '<f4')
    return {
        entry['name']: torch.tensor(values[entry['offset'] // 4 :][: int(numpy.prod(entry['shape']))], dtype=kind).reshape(entry['shape'])
        for entry in place['arrays']
    }


def is_velocity(name):
    return name.startswith('velocity/')


def step(case, moment, kind, all_rules):
    """Everything after one step by each of the rules: parameters, moving statistics, arrays of the loss, velocities, by name."""
    torch.set_default_dtype(kind)
    arrays = read(moment['before'], kind)
    own = {array['name']: arrays[array['name']] for array in case['lossArrays']}
    network = Network(case['graph'], {n: a for n, a in arrays.items() if n not in own and not is_velocity(n)})
    height, width, channels = (case['graph']['input'][size] for size in ('height', 'width', 'channels'))
    pixels = numpy.fromfile(moment['images'], numpy.uint8).reshape(-1, height, width, channels)
    trained = {a['name']: own[a['name']].requires_grad_() for a in case['lossArrays'] if a['role'] == 'trained'}
    embeddings = network(torch.tensor(pixels, dtype=kind).permute(0, 3, 1, 2), True)
    # The losses take an array of one number as a matrix.
    given = {name: array.reshape(1, 1) if array.dim() == 0 else array for name, array in own.items()}
    labels = torch.tensor(moment['labels'])
    loss, state = loss_of(moment, case['loss'], {'embeddings': embeddings, **given}, labels, case['classes'])
    moved = {**network.trained, **trained}
    gradients = dict(zip(moved, torch.autograd.grad(loss, list(moved.values()))))
    state = {name: torch.as_tensor(value).reshape(own[name].shape) for name, value in state.items()}
    return [after(case, moment, rules, (network, {**own, **state}, gradients)) for rules in all_rules], loss.item()


@torch.no_grad()
def after(case, moment, rules, computed):
    network, loss_arrays, gradients = computed
    arrays = {name: array.detach().clone() for name, array in {**network.trained, **loss_arrays}.items()}
    velocities = {name.split('/', 1)[1]: array for name, array in read(moment['before'], next(iter(arrays.values())).dtype).items() if is_velocity(name)}
    if not rules.rate_in_buffer and 'rateBefore' in moment:
        # The same buffers as they would be without the rate in them.
        for velocity in velocities.values():
            velocity /= -moment['rateBefore']
    sgd = Sgd(case['optimizer']['momentum'], case['optimizer']['weightDecay'], rules, velocities)
    sgd.step(arrays, gradients, moment['rate'])
    before = {name: array.clone() for name, array in network.moving.items()}
    network.follow(rules)
    arrays.update({name: array.clone() for name, array in network.moving.items()})
    for name, array in before.items():
        network.moving[name].copy_(array)
    if rules.rate_in_buffer:
        arrays.update({f'velocity/{name}': velocity for name, velocity in sgd.velocities.items()})
    return {name: array.double() for name, array in arrays.items()}


def group_of(case):
    """Names of parameters to names of groups."""
    kinds = {}
    for layer in case['graph']['layers']:
        for suffix in ('weight', 'bias', 'gamma', 'beta'):
            # The gradient of a bias before a normalisation is 0 but for rounding: it goes with its weight.
            what = layer['kind'] if suffix in ('weight', 'bias') else f"{layer['kind']} {suffix}"
            kinds[Network.name_of(layer, suffix)] = what
    return lambda name: 'velocity' if is_velocity(name) else kinds.get(name, name)


def length(arrays):
    return sum((array * array).sum() for array in arrays).sqrt().item()


def compare(case, moment, right, rounded, ours, before):
    """`right` is the float64 step, true or mistaken; `rounded` the difference of the float32 step from the true one."""
    group, groups, statistics = group_of(case), {}, {}
    for name in right:
        if name.endswith('_moving_mean'):
            deviation = right[name.replace('_mean', '_var')].sqrt()
            found = ((ours[name] - right[name]).abs() / deviation).max().item()
            statistics['mean'] = max(statistics.get('mean', 0), found)
        elif name.endswith('_moving_var'):
            found = ((ours[name].sqrt() - right[name].sqrt()).abs() / right[name].sqrt()).max().item()
            statistics['variance'] = max(statistics.get('variance', 0), found)
        else:
            groups.setdefault(group(name), []).append(name)
    shares = {}
    for name, members in groups.items():
        change = length([right[member] - before.get(member, torch.zeros_like(right[member])) for member in members])
        shares[name] = {
            'change': change,
            'ours': length([ours[member] - right[member] for member in members]) / max(change, 1e-300),
            'float32': length([rounded[member] for member in members]) / max(change, 1e-300),
        }
    return {'groups': shares, 'statistics': statistics}


def results_of(case):
    mistakes = case.get('mistakes', {})
    for moment in case['moments']:
        (right, *wrong), loss = step(case, moment, torch.float64, [Rules(), *(Rules(**rules) for rules in mistakes.values())])
        (single,), _ = step(case, moment, torch.float32, [Rules()])
        rounded = {name: single[name] - right[name] for name in right}
        before, ours = read(moment['before'], torch.float64), read(moment['after'], torch.float64)
        mistaken = {name: compare(case, moment, each, rounded, ours, before) for name, each in zip(mistakes, wrong)}
        yield {'loss': loss, **compare(case, moment, right, rounded, ours, before), 'mistaken': mistaken}


def main():
    torch.set_num_threads(2)
    cases, results = sys.argv[1:]
    with open(cases) as given, open(results, 'w') as written:
        json.dump([list(results_of(case)) for case in json.load(given)], written)


if __name__ == '__main__':
    main()
