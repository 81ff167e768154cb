import { z } from '@hono/zod-openapi';
import { REPORT_MEASURES } from '../../domain/contracts/social.ts';

/** Why something was done, for whom it was done to. */
export const toldReason = z.string().trim().min(1).max(500).openapi({ example: 'Threats against others' });

export const reportMeasure = z
  .enum(REPORT_MEASURES)
  .openapi({ example: 'none', description: 'remove_video: the reported video. suspend_user: who was reported, or whose video was.' });

export const reportDecision = z
  .object({
    decision: z.enum(['dismissed', 'upheld']).openapi({ example: 'upheld' }),
    measure: reportMeasure.default('none'),
    reason: toldReason.optional().openapi({ description: 'What the person concerned is told; needed with a measure, and kept with nothing else.' }),
  })
  .refine(({ decision, measure }) => measure === 'none' || decision === 'upheld', { path: ['measure'], error: 'follows only from a report that is upheld' })
  .refine(({ measure, reason }) => measure === 'none' || reason !== undefined, { path: ['reason'], error: 'is needed with a measure: the person concerned reads it' })
  .openapi('SocialReportDecision');
