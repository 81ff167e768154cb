const TOKEN = 'showrunner.token';
const WORKSPACE = 'showrunner.workspace';

/** Who is signed in, in this tab alone: it ends with the tab. */
export const session = {
  get token() {
    return sessionStorage.getItem(TOKEN);
  },
  get workspaceId() {
    return sessionStorage.getItem(WORKSPACE);
  },
  begin(token) {
    sessionStorage.setItem(TOKEN, token);
  },
  enter(workspaceId) {
    sessionStorage.setItem(WORKSPACE, workspaceId);
  },
  end() {
    sessionStorage.removeItem(TOKEN);
    sessionStorage.removeItem(WORKSPACE);
  },
};
