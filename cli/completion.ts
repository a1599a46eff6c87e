// `remit completion`: a script for the shell, made of the commands' own tables of options.

import { type Command, CommandError, type CommandOptions, readOptions } from './command.ts';

const SHELLS = ['bash', 'zsh'] as const;

/** A command as the shell knows it. */
export interface Completable {
  readonly name: string;
  readonly summary: string;
  readonly options: CommandOptions;
  /** What may stand beside the options. */
  readonly values: 'file' | readonly string[];
}

/** @param load all commands, each with its options */
export function completionCommand(load: () => Promise<readonly Completable[]>): Command {
  return {
    takes: SHELLS,
    help: `Prints a script by which the shell completes commands, options and their values.

Usage: remit completion bash|zsh

Exit codes: 0 printed, 2 no such shell.

Examples:
  remit completion bash > /etc/bash_completion.d/remit
  source <(remit completion bash)
  remit completion zsh > "\${fpath[1]}/_remit"
`,
    async run(args) {
      const { positionals } = readOptions(args, {});
      const shell = SHELLS.find((name) => name === positionals[0]);
      if (shell === undefined || positionals.length !== 1) {
        throw new CommandError('expected a shell, `bash` or `zsh`; see --help');
      }
      const commands = await load();
      process.stdout.write(shell === 'bash' ? bashScript(commands) : zshScript(commands));
      return 0;
    },
  };
}

/** Words of the script are our own: letters, digits, `-`, `.`, `_`. */
function bashScript(commands: readonly Completable[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# bash completion of remit; written by \`remit completion bash\`
_remit() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W '${names} --help --version' -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]} $before" in
${commands.flatMap(bashValues).join('\n')}
  esac
  case "\${COMP_WORDS[1]}" in
${commands.map(bashCommand).join('\n')}
  esac
}
complete -F _remit remit
`;
}

function bashValues({ name, options }: Completable): string[] {
  return Object.entries(options).flatMap(([option, { type, completes }]) => {
    if (type === 'boolean') return [];
    return [`    '${name} --${option}') ${bashReply(completes ?? [])}; return ;;`];
  });
}

function bashReply(values: 'file' | readonly string[]): string {
  if (values !== 'file') return `COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$word"))`;
  // Names may hold anything but a line feed.
  return 'compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word")';
}

function bashCommand({ name, options, values }: Completable): string {
  const known = [...Object.keys(options).map((option) => `--${option}`), '--help'].join(' ');
  return `    ${name})
      if [[ $word == -* ]]; then ${bashReply(known.split(' '))}
      else ${bashReply(values)}; fi ;;`;
}

function zshScript(commands: readonly Completable[]): string {
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  return `#compdef remit
# zsh completion of remit; written by \`remit completion zsh\`
_remit() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(zshCommand).join('\n')}
  esac
}
if [[ $funcstack[1] == _remit ]]; then _remit "$@"; else compdef _remit remit; fi
`;
}

function zshCommand({ name, options, values }: Completable): string {
  const specs = Object.entries(options).map(([option, { type, completes }]) => {
    return quoted(
      `--${option}${type === 'boolean' ? '' : `:${option}:${zshValues(completes ?? [])}`}`,
    );
  });
  const rest = quoted(`*:value:${zshValues(values)}`);
  return `    ${name}) _arguments ${[...specs, "'--help'", rest].join(' ')} ;;`;
}

function zshValues(values: 'file' | readonly string[]): string {
  return values === 'file' ? '_files' : `(${values.join(' ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
