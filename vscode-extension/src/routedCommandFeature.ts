import type {
  DynamicFeature,
  ExecuteCommandRegistrationOptions,
  FeatureState,
  RegistrationData,
} from "vscode-languageclient/node";
import { ExecuteCommandRequest, type ClientCapabilities, type ServerCapabilities } from "vscode-languageclient/node";

/**
 * Takes the place of the library's own feature for a server's commands.
 *
 * The library registers each command with VS Code once a client, and VS Code refuses a second registration of the
 * same name, so the second workspace folder would have no server. Here the names are only handed on, to a router that
 * registers each of them once and finds the client that a call is for.
 */
export class RoutedCommandFeature implements DynamicFeature<ExecuteCommandRegistrationOptions> {
  readonly registrationType = ExecuteCommandRequest.type;

  constructor(private readonly offer: (command: string) => void) {}

  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.workspace = { ...capabilities.workspace, executeCommand: { dynamicRegistration: true } };
  }

  initialize(capabilities: ServerCapabilities): void {
    capabilities.executeCommandProvider?.commands.forEach(this.offer);
  }

  register(data: RegistrationData<ExecuteCommandRegistrationOptions>): void {
    data.registerOptions.commands.forEach(this.offer);
  }

  unregister(): void {
    // The router keeps its registrations: a command whose server is gone says so instead of being unknown.
  }

  clear(): void {
    // As above.
  }

  getState(): FeatureState {
    return { kind: "workspace", id: this.registrationType.method, registrations: true };
  }
}
