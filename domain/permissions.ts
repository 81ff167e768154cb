export const WORKSPACE_ROLES = ['owner', 'admin', 'member', 'social_marketing', 'sales', 'warehouse'] as const;
export type WorkspaceRole = (typeof WORKSPACE_ROLES)[number];

const OPERATORS: readonly WorkspaceRole[] = ['owner', 'admin', 'member', 'social_marketing'];
const SOCIAL_TEAM: readonly WorkspaceRole[] = ['owner', 'admin', 'social_marketing'];
const SALES: readonly WorkspaceRole[] = ['owner', 'admin', 'sales'];
const WAREHOUSE: readonly WorkspaceRole[] = ['owner', 'admin', 'warehouse'];
const SHOP_TEAM: readonly WorkspaceRole[] = ['owner', 'admin', 'sales', 'warehouse'];

/** Who may do what: the only place that says so. A route names its permission; a test checks every pair. */
export const PERMISSIONS = {
  'workspace.view': WORKSPACE_ROLES,
  'workspace.edit': ['owner', 'admin'],
  'members.view': WORKSPACE_ROLES,
  'members.edit': ['owner', 'admin'],
  'livestreams.view': WORKSPACE_ROLES,
  'livestreams.control': OPERATORS,
  'rules.view': WORKSPACE_ROLES,
  'rules.edit': OPERATORS,
  'devices.view': WORKSPACE_ROLES,
  'devices.edit': ['owner', 'admin', 'member'],
  'devices.command': OPERATORS,
  'notifications.view': WORKSPACE_ROLES,
  'limits.view': WORKSPACE_ROLES,
  'social_accounts.view': SOCIAL_TEAM,
  'social_accounts.connect': SOCIAL_TEAM,
  'social_accounts.disconnect': ['owner', 'admin'],
  'posts.view': SOCIAL_TEAM,
  'posts.edit': SOCIAL_TEAM,
  'analytics.view': SOCIAL_TEAM,
  'channels.view': SHOP_TEAM,
  'channels.connect': ['owner', 'admin'],
  'products.view': WORKSPACE_ROLES,
  'products.edit': SALES,
  'inventory.view': SHOP_TEAM,
  'inventory.edit': WAREHOUSE,
  'orders.view': SALES,
  'orders.sync': SALES,
  'shipping.view': WAREHOUSE,
  'shipping.edit': WAREHOUSE,
  'jobs.view': SHOP_TEAM,
  'streams.view': WORKSPACE_ROLES,
  'streams.edit': OPERATORS,
  'streams.moderate': OPERATORS,
  'vods.view': WORKSPACE_ROLES,
  'vods.edit': OPERATORS,
  'social.view': ['owner', 'admin'],
  'social.manage': ['owner', 'admin'],
  'shop_webhooks.view': ['owner', 'admin'],
  'shop_webhooks.replay': ['owner', 'admin'],
} as const satisfies Record<string, readonly WorkspaceRole[]>;

export type Permission = keyof typeof PERMISSIONS;

export const isAllowed = (role: WorkspaceRole, permission: Permission): boolean =>
  (PERMISSIONS[permission] as readonly WorkspaceRole[]).includes(role);

/** What a role needs to see events of this type on streams and in rules; null: what every route that shows events needs already. */
export const permissionToSee = (eventType: string): Permission | null => (eventType === 'order' ? 'orders.view' : eventType === 'inventory' ? 'inventory.view' : null);

/** Only an owner makes or unmakes owners; an admin manages everyone else. */
export const mayAssignRole = (actor: WorkspaceRole, from: WorkspaceRole | null, to: WorkspaceRole | null): boolean =>
  isAllowed(actor, 'members.edit') && (actor === 'owner' || (from !== 'owner' && to !== 'owner'));
