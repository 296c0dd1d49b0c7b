/* hsds_package.c - an Open Referral directory of the older kind, a folder of tables that name each
 * other by ids, made into the list of services that hsds.c reads. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/csv.h"
#include "cli/forms_inner.h"

const char *const hsds_package_names[] = {"services.csv", "organizations.csv", "locations.csv",
    "services_at_location.csv", "physical_addresses.csv", "phones.csv", "eligibility.csv", NULL};
enum { SERVICES, ORGANIZATIONS, LOCATIONS, AT, ADDRESSES, PHONES, ELIGIBILITY, TABLES };

/* Cells of all tables, a row counted as some more: 600 MB of memory at most. A few hundred
 * kilobytes of a packed one may come out as thirty million rows. */
#define PACKAGE_CELLS_MAX 5000000u
#define CELLS_OF_ROW 3u

/* One row as {"column":"cell"}. New reference. */
static json_t *
row_object(const struct csv_row *header, const struct csv_row *row)
{
	json_t *out = json_object();

	for (size_t i = 0; i < row->count && i < header->count; i++)
		if (row->cells[i][0] != '\0')
			(void)json_object_set_new(
			    out, header->cells[i], json_string(row->cells[i]));
	return out;
}

static enum pmj_code
take_room(size_t *room, const json_t *row, struct pmj_error *err)
{
	size_t cells = CELLS_OF_ROW + json_object_size(row);

	if (cells > *room) {
		(void)pmj_fail(err, PMJ_TOO_BIG, "the directory has more rows than can be read");
		pmj_hint(err, "is it a directory of services? Ask for the part of it that is near "
		              "you");
		return PMJ_TOO_BIG;
	}
	*room -= cells;
	return PMJ_OK;
}

static enum pmj_code
table_rows(json_t **out, size_t *room, const char *name, const char *text, size_t len,
    struct pmj_error *err)
{
	struct csv_reader in;
	struct csv_row header, row;
	bool more = true;
	enum pmj_code rc;

	*out = json_array();
	if ((rc = csv_open(&in, &header, text, len, err)) != PMJ_OK)
		goto out;
	while ((rc = csv_next(&in, &row, &more, err)) == PMJ_OK && more) {
		json_t *one = row_object(&header, &row);

		(void)json_array_append_new(*out, one);
		csv_row_close(&row);
		if ((rc = take_room(room, one, err)) != PMJ_OK)
			break;
	}
	if (rc != PMJ_OK)
		pmj_context(err, "line %zu", row.line);
	csv_row_close(&header);
	csv_close(&in);
out:
	if (rc != PMJ_OK)
		pmj_context(err, "%s", name);
	return rc;
}

/* {id: [rows that have it in this column]}; new reference. */
static json_t *
by_column(const json_t *rows, const char *column)
{
	json_t *out = json_object(), *list;
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *id = json_str(row, column);

		if (id == NULL)
			continue;
		if ((list = json_object_get(out, id)) == NULL) {
			list = json_array();
			(void)json_object_set_new(out, id, list);
		}
		(void)json_array_append(list, (json_t *)row);
	}
	return out;
}

static json_t *
found(const json_t *index, const char *id)
{
	return id != NULL ? json_object_get(index, id) : NULL;
}

static void
put_found(json_t *to, const char *name, json_t *list)
{
	if (list != NULL)
		(void)json_object_set(to, name, list);
}

struct package {
	json_t *rows[TABLES];
	json_t *organizations, *locations, *at, *addresses;
	json_t *phones_of_service, *phones_of_location, *phones_of_organization, *eligibility;
};

static void
join_service(const struct package *p, json_t *service)
{
	const char *id = json_str(service, "id");
	json_t *runs =
	    json_array_get(found(p->organizations, json_str(service, "organization_id")), 0);
	const json_t *at = json_array_get(found(p->at, id), 0), *who;
	const char *where = json_str(at, "location_id");
	json_t *location = json_array_get(found(p->locations, where), 0);

	put_found(service, "phones", found(p->phones_of_service, id));
	if (runs != NULL) {
		put_found(runs, "phones", found(p->phones_of_organization, json_str(runs, "id")));
		(void)json_object_set(service, "organization", runs);
	}
	if (location != NULL) {
		put_found(location, "addresses", found(p->addresses, where));
		put_found(location, "phones", found(p->phones_of_location, where));
		(void)json_object_set_new(service, "locations", json_pack("[O]", location));
	}
	who = json_array_get(found(p->eligibility, id), 0);
	if (json_str(who, "eligibility") != NULL)
		(void)json_object_set(
		    service, "eligibility_description", json_object_get(who, "eligibility"));
	if (json_str(service, "fees") != NULL)
		(void)json_object_set(
		    service, "fees_description", json_object_get(service, "fees"));
}

enum pmj_code
hsds_package_to_table(
    struct buf *out, json_t *refused, const struct buf *files, struct pmj_error *err)
{
	struct package p = {.organizations = NULL};
	enum pmj_code rc = PMJ_OK;
	json_t *service;
	size_t i, room = PACKAGE_CELLS_MAX;

	for (i = 0; i < TABLES && rc == PMJ_OK; i++)
		if (files[i].len > 0)
			rc = table_rows(&p.rows[i], &room, hsds_package_names[i],
			    buf_text(&files[i]), files[i].len, err);
	p.organizations = by_column(p.rows[ORGANIZATIONS], "id");
	p.locations = by_column(p.rows[LOCATIONS], "id");
	p.at = by_column(p.rows[AT], "service_id");
	p.addresses = by_column(p.rows[ADDRESSES], "location_id");
	p.phones_of_service = by_column(p.rows[PHONES], "service_id");
	p.phones_of_location = by_column(p.rows[PHONES], "location_id");
	p.phones_of_organization = by_column(p.rows[PHONES], "organization_id");
	p.eligibility = by_column(p.rows[ELIGIBILITY], "service_id");
	if (rc == PMJ_OK && json_array_size(p.rows[SERVICES]) == 0) {
		rc = pmj_fail(
		    err, PMJ_INVALID, "there is no services.csv in it, or nothing in that");
		pmj_hint(err, "name the folder that the package was unpacked into");
	}
	if (rc == PMJ_OK) {
		json_array_foreach(p.rows[SERVICES], i, service) join_service(&p, service);
		rc = hsds_list_to_table(out, refused, p.rows[SERVICES], err);
	}
	for (i = 0; i < TABLES; i++)
		json_decref(p.rows[i]);
	json_decref(p.organizations);
	json_decref(p.locations);
	json_decref(p.at);
	json_decref(p.addresses);
	json_decref(p.phones_of_service);
	json_decref(p.phones_of_location);
	json_decref(p.phones_of_organization);
	json_decref(p.eligibility);
	return rc;
}
