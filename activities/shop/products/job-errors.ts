import type { JobError } from '../../../domain/contracts/shop-job.ts';
import type { ProductFault } from './take-products.ts';

export const toJobErrors = (faults: readonly ProductFault[]): JobError[] => faults.map(({ product_id, code, reason }) => ({ id: product_id === '' ? null : product_id, code, reason }));
