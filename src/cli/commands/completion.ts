import { fail } from '../../core/failure.ts';
import { failures } from '../failures.ts';
import { exitCode, type FlowCommand } from '../flow-command.ts';

/** Each asks `flow complete` for what may come next, and falls back on files where it has nothing to say. */
const scripts: Readonly<Record<string, string>> = {
  bash: `_flow_complete() {
  local IFS=$'\\n'
  # Words are split at blanks alone: bash takes = and : for ends of words otherwise.
  local line="\${COMP_LINE:0:COMP_POINT}"
  local last="\${line##*[[:blank:]]}"
  COMPREPLY=($(flow complete -- "$line" 2>/dev/null))
  if [[ \${#COMPREPLY[@]} -eq 0 ]]; then
    COMPREPLY=($(compgen -f -- "$last"))
    compopt -o filenames
  fi
  local current="\${COMP_WORDS[COMP_CWORD]}"
  local prefix="\${last%"$current"}"
  COMPREPLY=("\${COMPREPLY[@]#"$prefix"}")
  [[ \${COMPREPLY[0]-} == *= ]] && compopt -o nospace
}
complete -F _flow_complete flow
`,
  zsh: `#compdef flow
_flow() {
  local -a candidates
  candidates=("\${(@f)$(flow complete -- "\${BUFFER[1,CURSOR]}" 2>/dev/null)}")
  if [[ -n "\${candidates[1]-}" ]]; then
    compadd -S '' -- "\${candidates[@]}"
  else
    _files
  fi
}
compdef _flow flow
`,
  fish: `complete -c flow -f -a '(flow complete -- (commandline -cp) 2>/dev/null)'
complete -c flow -F -n 'test (count (flow complete -- (commandline -cp) 2>/dev/null)) -eq 0'
`,
};

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<shell>', Object.keys(scripts).join(', '))
      .option('--json', 'print JSON', false)
      .addHelpText(
        'after',
        `
bash: echo 'source <(flow completion bash)' >> ~/.bashrc
zsh:  echo 'source <(flow completion zsh)' >> ~/.zshrc
fish: flow completion fish > ~/.config/fish/completions/flow.fish`,
      );
  },
  run(call, context) {
    const shell = String(call.arguments[0]);
    const script = scripts[shell];
    if (script === undefined) return fail(failures.unknownShell({ name: shell, known: Object.keys(scripts) }));
    context.stdout.write(call.options['json'] === true ? `${JSON.stringify({ shell, script })}\n` : script);
    return Promise.resolve(exitCode.done);
  },
};
