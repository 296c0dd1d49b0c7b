#include "carry/tipfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "carry/chain.h"

#define FILE_BYTES_MAX (GIT_OID_RAWSZ + (size_t)WIRE_TIPS_MAX * WIRE_TIP_BYTES)

static enum pmj_code
set_tips(struct tipfile *file, const uint8_t *bytes, size_t len, struct pmj_error *err)
{
	struct wire_tip *tips = mem_array(len / WIRE_TIP_BYTES + 1, sizeof(*tips));
	size_t count;
	enum pmj_code rc = wire_read_tips(tips, &count, bytes, len, err);

	if (rc != PMJ_OK) {
		free(tips);
		return rc;
	}
	free(file->tips);
	file->tips = tips;
	file->count = count;
	file->known = true;
	chain_blob_id(&file->seen, bytes, len);
	return PMJ_OK;
}

void
tipfile_open(struct tipfile *out, const char *folder, const char *url,
    const uint8_t mailbox[static PMJ_MAILBOX_BYTES])
{
	char hex[2 * PMJ_MAILBOX_BYTES + 1];
	struct buf bytes;

	memset(out, 0, sizeof(*out));
	buf_init(&bytes, 0);
	out->path = mem_printf("%s/%s.tips", folder, text_hex(hex, mailbox, PMJ_MAILBOX_BYTES));
	chain_blob_id(&out->place, (const uint8_t *)url, strlen(url));
	if (fs_read(&bytes, &os_real, out->path, FILE_BYTES_MAX, NULL) == PMJ_OK &&
	    bytes.len >= GIT_OID_RAWSZ && memcmp(bytes.bytes, out->place.id, GIT_OID_RAWSZ) == 0)
		/* One that cannot be read is as good as none. */
		out->known = set_tips(out, bytes.bytes + GIT_OID_RAWSZ, bytes.len - GIT_OID_RAWSZ,
		                 NULL) == PMJ_OK;
	buf_close(&bytes);
}

enum pmj_code
tipfile_take(
    struct tipfile *file, const uint8_t *bytes, size_t len, bool *less, struct pmj_error *err)
{
	struct tipfile was = *file;
	struct pmj_error why;
	struct buf kept;
	enum pmj_code rc;

	*less = false;
	file->tips = NULL;
	rc = set_tips(file, bytes, len, err);
	if (rc != PMJ_OK) {
		*file = was;
		return rc;
	}
	for (size_t i = 0; i < was.count; i++) {
		const struct wire_tip *now = tipfile_find(file, &was.tips[i].run);

		*less = *less || (now != NULL && now->run.segno < was.tips[i].run.segno);
	}
	free(was.tips);
	buf_init(&kept, 0);
	buf_put(&kept, file->place.id, GIT_OID_RAWSZ);
	buf_put(&kept, bytes, len);
	/* Without it the next check is longer, and that is all. */
	if (kept.failed == PMJ_OK &&
	    fs_write(&os_real, file->path, kept.bytes, kept.len, &why) != PMJ_OK)
		diag_error("keeping the tips of a mailbox", &why);
	buf_close(&kept);
	return PMJ_OK;
}

const struct wire_tip *
tipfile_find(const struct tipfile *file, const struct shape_place *run)
{
	for (size_t i = 0; i < file->count; i++)
		if (file->tips[i].run.lane == run->lane &&
		    memcmp(file->tips[i].run.incarnation, run->incarnation,
		        sizeof(run->incarnation)) == 0)
			return &file->tips[i];
	return NULL;
}

void
tipfile_close(struct tipfile *file)
{
	free(file->tips);
	free(file->path);
	memset(file, 0, sizeof(*file));
}
